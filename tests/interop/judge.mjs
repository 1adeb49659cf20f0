// Opens exported models with ONNX Runtime and compares its outputs with the expected ones.
//
//   node judge.mjs <folder with cases.json> <folder with node_modules>
//
// cases.json is a list of {model, input, output, inputShape, rule, step, classes}; the files <model>/model.onnx, input.bin and
// expected.bin (float32, little-endian) stand beside it. Rules:
//   "network"  same top-1 for each input, no output further away than 1e-3 of the expected outputs' range
//   "exact"    every output equal
//   "nearTie"  no output further away than one step (inputs lie on the ties between values)
// Exits with 77 when ONNX Runtime is not installed there.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const kSkip = 77;
const kRangeFraction = 1e-3;

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

// What is wrong, or null. NaN never passes.
function findFault(test, got, expected) {
  if (got.length !== expected.length) return `${got.length} outputs, expected ${expected.length}`;
  const limits = { network: kRangeFraction * extent(expected), exact: 0, nearTie: test.step * 1.0001 };
  const limit = limits[test.rule];
  let differ = 0;
  for (let i = 0; i < got.length; ++i) {
    const distance = got[i] === expected[i] ? 0 : Math.abs(got[i] - expected[i]);
    if (distance !== 0) ++differ;
    if (!(distance <= limit)) return `output ${i} is ${got[i]}, expected ${expected[i]} within ${limit}`;
  }
  test.differ = differ;
  if (test.rule !== 'network') return null;
  for (let i = 0; i < got.length; i += test.classes) {
    const [a, b] = [got, expected].map((all) => argMax(all.slice(i, i + test.classes)));
    if (a !== b) return `input ${i / test.classes} is class ${a}, expected ${b}`;
  }
  return null;
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
