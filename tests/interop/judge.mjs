// Opens exported models with ONNX Runtime and compares its outputs with the expected ones.
//
//   node judge.mjs <folder with cases.json> <folder with node_modules>
//
// cases.json is a list of {model, input, output, inputShape, rule, step, classes}; the files <model>/model.onnx, input.bin and
// expected.bin (float32, little-endian) stand beside it. Rules:
//   "network"  same top-1 for each input, no output further away than 1e-3 of the expected outputs' range
//   "deep"     the same top-1 for 97 % of the inputs, mean square distance within 1e-2 of the range: in a network of many
//              layers one value that rounds another way, because floats were added in another order, moves many others
//   "exact"    every output equal
//   "nearTie"  no output further away than one step (inputs lie on the ties between values)
// Exits with 77 when ONNX Runtime is not installed there.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const kSkip = 77;
const kRangeFraction = 1e-3;
const kDeepTop1 = 0.97;
const kDeepRangeFraction = 1e-2;

function loadRuntime(folder) {
  try {
    return createRequire(path.join(path.resolve(folder), 'package.json'))('onnxruntime-node');
  } catch (error) {
    console.log(`skipped: onnxruntime-node cannot be loaded from ${folder} (${error.code ?? error.message}); ` +
      'tests/interop/install.sh installs it');
    process.exit(kSkip);
  }
}

function readFloats(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function argMax(values) {
  let best = 0;
  values.forEach((value, i) => { if (value > values[best]) best = i; });
  return best;
}

function extent(values) {
  let least = Infinity, greatest = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return greatest - least;
}

// The first input whose top-1 differs, and how many do.
function compareClasses(test, got, expected) {
  const inputs = expected.length / test.classes;
  const differ = [];
  for (let i = 0; i < inputs; ++i) {
    const [a, b] = [got, expected].map((all) => argMax(all.slice(i * test.classes, (i + 1) * test.classes)));
    if (a !== b) differ.push(i);
  }
  return { first: differ[0], equal: 1 - differ.length / inputs };
}

function findDeepFault(test, got, expected) {
  let sum = 0;
  for (let i = 0; i < got.length; ++i) sum += (got[i] - expected[i]) ** 2;
  const distance = Math.sqrt(sum / got.length) / extent(expected);
  const { equal } = compareClasses(test, got, expected);
  console.log(`${test.model}: top-1 equal for ${(100 * equal).toFixed(1)} %, ` +
    `root mean square distance ${distance.toExponential(1)} of the range`);
  return equal >= kDeepTop1 && distance <= kDeepRangeFraction ? null : 'beyond the bounds';
}

// What is wrong, or null. NaN never passes.
function findFault(test, got, expected) {
  if (got.length !== expected.length) return `${got.length} outputs, expected ${expected.length}`;
  const limits = { network: kRangeFraction * extent(expected), exact: 0, nearTie: test.step * 1.0001, deep: Infinity };
  const limit = limits[test.rule];
  test.differ = 0;
  for (let i = 0; i < got.length; ++i) {
    const distance = got[i] === expected[i] ? 0 : Math.abs(got[i] - expected[i]);
    if (distance !== 0) ++test.differ;
    if (!(distance <= limit)) return `output ${i} is ${got[i]}, expected ${expected[i]} within ${limit}`;
  }
  if (test.rule === 'deep') return findDeepFault(test, got, expected);
  if (test.rule !== 'network') return null;
  const { first } = compareClasses(test, got, expected);
  return first === undefined ? null : `top-1 of input ${first} differs`;
}

async function run(runtime, folder, test) {
  const at = (name) => path.join(folder, test.model, name);
  const session = await runtime.InferenceSession.create(at('model.onnx'), { logSeverityLevel: 3 });
  const input = new runtime.Tensor('float32', readFloats(at('input.bin')), test.inputShape);
  const outputs = await session.run({ [test.input]: input });
  const fault = findFault(test, outputs[test.output].data, readFloats(at('expected.bin')));
  await session.release();
  return fault;
}

const [folder, modules] = process.argv.slice(2);
const runtime = loadRuntime(modules);
const tests = JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8'));
if (tests.length === 0) throw new Error(`${folder}: no cases`);
const totals = {};
let failures = 0;
for (const test of tests) {
  const fault = await run(runtime, folder, test).catch((error) => error.message);
  if (fault) {
    ++failures;
    console.log(`FAILED ${test.model}: ${fault}`);
  }
  const total = totals[test.rule] ??= { cases: 0, outputs: 0, differ: 0 };
  ++total.cases;
  total.differ += test.differ ?? 0;
  total.outputs += readFloats(path.join(folder, test.model, 'expected.bin')).length;
}
for (const [rule, total] of Object.entries(totals)) {
  console.log(`${rule}: ${total.cases} models, ${total.differ} of ${total.outputs} outputs not bit-equal`);
}
console.log(failures ? `${failures} of ${tests.length} models failed` : `all ${tests.length} models agree`);
process.exit(failures ? 1 : 0);
