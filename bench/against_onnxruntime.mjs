// Rows a second of Bitwright against ONNX Runtime, in pairs: one after the other, several rounds, the median of the ratios.
//
//   node against_onnxruntime.mjs <bitwright> <folder with node_modules> [--threads 2] [--rounds 5] [--batch 1,32]
//        <model.onnx>[=plan.json] ...
//
// With a plan Bitwright runs the network quantized; ONNX Runtime always runs the float network. Both use the same number of
// threads: ONNX Runtime inside one run, Bitwright one batch on each.
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
  return input.shape.map((extent, i) => (typeof extent === 'number' && extent > 0 ? (i === 0 ? extent : extent) : batch));
}

async function runtimeRate(session, batch) {
  const shape = shapeOf(session, batch);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7919 % 1000) / 1000);
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
  await session.run(feeds);
  const start = performance.now();
  let rows = 0;
  while (performance.now() - start < kSeconds * 1000) {
    await session.run(feeds);
    rows += shape[0];
  }
  return rows / (performance.now() - start) * 1000;
}

function ourRate(model, plan, batch) {
  const line = ['bench', model, '--batch', String(batch), '--threads', String(threads), '--seconds', String(kSeconds), '--json'];
  const out = execFileSync(program, plan ? [...line, '--plan', plan] : line, { maxBuffer: 1 << 26 });
  return JSON.parse(out).batches[0].rows_per_second;
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

console.log('| network | plan | batch | Bitwright rows/s | ONNX Runtime float rows/s | median ratio |\n|---|---|---|---|---|---|');
for (const item of models) {
  const [model, plan] = item.split('=');
  for (const batch of batches) {
    try {
      const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
      const ours = [], theirs = [];
      for (let round = 0; round < rounds; ++round) {
        ours.push(ourRate(model, plan, batch));
        theirs.push(await runtimeRate(session, batch));
      }
      const ratio = median(ours.map((rate, i) => rate / theirs[i]));
      console.log(`| ${path.basename(model)} | ${plan ? 'quantized' : 'float'} | ${batch} | ${median(ours).toFixed(1)} | ` +
        `${median(theirs).toFixed(1)} | ${ratio.toFixed(2)} |`);
    } catch (error) {
      console.log(`| ${path.basename(model)} | ${plan ? 'quantized' : 'float'} | ${batch} | failed: ${String(error.message).split('\n')[0]} | | |`);
    }
  }
}
