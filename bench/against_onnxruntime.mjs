// Rows a second and latency of one batch of Bitwright against ONNX Runtime, in pairs: one after the other, several rounds, the
// median of the ratios.
//
//   node against_onnxruntime.mjs <bitwright> <folder with node_modules> [--threads 2] [--rounds 5] [--batch 1,32]
//        <model.onnx>[=plan.json] ...
//
// With a plan Bitwright runs the network quantized; ONNX Runtime always runs the float network. Both use the same number of
// threads for rows a second: ONNX Runtime inside one run, Bitwright one batch on each. Latency is that of one batch: on all
// threads with ONNX Runtime, on one with Bitwright.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { createRequire } from 'node:module';

const args = process.argv.slice(2);
function option(name, otherwise) {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : args.splice(at, 2)[1];
}
const threads = Number(option('--threads', '2'));
const rounds = Number(option('--rounds', '5'));
const batches = option('--batch', '1,32').split(',').map(Number);
const [program, modules, ...models] = args;
const ort = createRequire(path.join(path.resolve(modules), 'package.json'))('onnxruntime-node');

const kSeconds = 1;

function shapeOf(session, batch) {
  const [input] = session.inputMetadata;
  return input.shape.map(extent => (typeof extent === 'number' && extent > 0 ? extent : batch));
}

async function runtimeSpeed(session, batch) {
  const shape = shapeOf(session, batch);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7919 % 1000) / 1000);
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
  await session.run(feeds);
  const start = performance.now();
  const times = [];
  for (let now = start; now - start < kSeconds * 1000;) {
    await session.run(feeds);
    times.push(performance.now() - now);
    now += times.at(-1);
  }
  const total = performance.now() - start;
  return { rate: times.length * shape[0] / total * 1000, latency: median(times) };
}

function ourSpeed(model, plan, batch) {
  const line = ['bench', model, '--batch', String(batch), '--threads', String(threads), '--seconds', String(kSeconds), '--json'];
  const out = execFileSync(program, plan ? [...line, '--plan', plan] : line, { maxBuffer: 1 << 26 });
  const [timing] = JSON.parse(out).batches;
  return { rate: timing.rows_per_second, latency: timing.latency_ms };
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

console.log('| network | plan | batch | Bitwright rows/s | ONNX Runtime float rows/s | median ratio | Bitwright ms | ' +
  'ONNX Runtime float ms | median ratio |\n|---|---|---|---|---|---|---|---|---|');
for (const item of models) {
  const [model, plan] = item.split('=');
  for (const batch of batches) {
    try {
      const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
      const ours = [], theirs = [];
      for (let round = 0; round < rounds; ++round) {
        ours.push(ourSpeed(model, plan, batch));
        theirs.push(await runtimeSpeed(session, batch));
      }
      const of = (all, what) => median(all.map(speed => speed[what]));
      const rates = median(ours.map((speed, i) => speed.rate / theirs[i].rate));
      const latencies = median(ours.map((speed, i) => theirs[i].latency / speed.latency));
      console.log(`| ${path.basename(model)} | ${plan ? 'quantized' : 'float'} | ${batch} | ${of(ours, 'rate').toFixed(1)} | ` +
        `${of(theirs, 'rate').toFixed(1)} | ${rates.toFixed(2)} | ${of(ours, 'latency').toFixed(3)} | ` +
        `${of(theirs, 'latency').toFixed(3)} | ${latencies.toFixed(2)} |`);
    } catch (error) {
      console.log(`| ${path.basename(model)} | ${plan ? 'quantized' : 'float'} | ${batch} | failed: ${String(error.message).split('\n')[0]} | | | | | |`);
    }
  }
}
