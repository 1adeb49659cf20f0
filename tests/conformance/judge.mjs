// Runs the networks of cases.json with ONNX Runtime and compares all outputs.
//
//   node judge.mjs <folder with cases.json> <folder with node_modules>
//
// Rules: "near": no element further away than 1e-4 of the expected outputs' range; "codes": outputs of an int8 network,
// where one rounding apart moves much behind it: the same top-1, root mean square distance within 3 % of the range.
// Exits with 77 when ONNX Runtime is not installed there.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const kSkip = 77;
const kArrays = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, uint8: Uint8Array, int8: Int8Array };

function loadRuntime(folder) {
  try {
    return createRequire(path.join(path.resolve(folder), 'package.json'))('onnxruntime-node');
  } catch (error) {
    console.log(`skipped: onnxruntime-node cannot be loaded from ${folder} (${error.code ?? error.message}); ` +
      'tests/interop/install.sh installs it');
    process.exit(kSkip);
  }
}

function read(folder, value) {
  const bytes = fs.readFileSync(path.join(folder, value.file));
  return new kArrays[value.type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const argMax = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

function distances(ours, theirs) {
  let most = 0, squares = 0, low = Infinity, high = -Infinity;
  for (let i = 0; i < theirs.length; ++i) {
    const d = Math.abs(Number(ours[i]) - Number(theirs[i]));
    if (!(d <= most)) most = d;
    squares += d * d;
    low = Math.min(low, Number(theirs[i]));
    high = Math.max(high, Number(theirs[i]));
  }
  return { most, rms: Math.sqrt(squares / theirs.length), range: high - low || 1 };
}

// What is wrong with one output, or null.
function findFault(rule, value, ours, theirs) {
  if (String(theirs.dims) !== String(value.shape)) return `${value.name}: shape ${value.shape}, theirs ${theirs.dims}`;
  const { most, rms, range } = distances(ours, theirs.data);
  console.log(`  ${value.name} [${value.shape}]: most ${most.toExponential(1)}, rms ${rms.toExponential(1)} of range ${range.toFixed(3)}`);
  if (rule === 'near') return most <= 1e-4 * range ? null : `${value.name}: ${most} apart`;
  const same = argMax(Array.from(ours)) === argMax(Array.from(theirs.data));
  return same && rms <= 0.03 * range ? null : `${value.name}: rms ${rms}, top-1 ${same ? 'same' : 'differs'}`;
}

async function run(runtime, folder, test) {
  const session = await runtime.InferenceSession.create(test.model, { logSeverityLevel: 3 });
  const feeds = {};
  for (const input of test.inputs) feeds[input.name] = new runtime.Tensor(input.type, read(folder, input), input.shape);
  const results = await session.run(feeds);
  const faults = test.outputs.map((value) => findFault(test.rule, value, read(folder, value), results[value.name]));
  await session.release();
  return faults.find((fault) => fault !== null) ?? null;
}

const [folder, modules] = process.argv.slice(2);
const runtime = loadRuntime(modules);
const tests = JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8'));
let failures = tests.length === 0 ? 1 : 0;
for (const test of tests) {
  const fault = await run(runtime, folder, test).catch((error) => error.message);
  console.log(`${fault ? 'FAILED' : 'ok'} ${test.name}${fault ? `: ${fault}` : ''}`);
  if (fault) ++failures;
}
process.exit(failures ? 1 : 0);
