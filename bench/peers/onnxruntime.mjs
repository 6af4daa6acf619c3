#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Images a second of an ONNX model in ONNX Runtime, on one thread of the CPU, for random inputs of the types and shapes that
// the model declares; its first dimension is the number of images.
//
//   node onnxruntime.mjs MODEL.onnx --batch N --seconds S [--json]
//
// onnxruntime-node is looked for beside this file, in the folder where it is called, and in NODE_PATH.
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {parseArgs} from 'node:util';

const kInstall = 'npm install --ignore-scripts --prefix bench/peers';
const kUsage = 'usage: onnxruntime.mjs MODEL.onnx [--batch N] [--seconds S] [--json]';

class Failure extends Error {}

function arguments_of(words) {
  const options = {
    batch: {type: 'string', default: '1'},
    seconds: {type: 'string', default: '1'},
    json: {type: 'boolean', default: false},
  };
  let parsed;
  try {
    parsed = parseArgs({args: words, options, allowPositionals: true});
  } catch (error) {
    throw new Failure(`${error.message}; ${kUsage}`);
  }
  const batch = Number(parsed.values.batch), seconds = Number(parsed.values.seconds);
  if (parsed.positionals.length !== 1) throw new Failure(kUsage);
  if (!Number.isSafeInteger(batch) || batch < 1) throw new Failure(`--batch ${parsed.values.batch} is not a whole number above 0`);
  if (!(seconds > 0)) throw new Failure(`--seconds ${parsed.values.seconds} is not a number above 0`);
  return {model: parsed.positionals[0], batch, seconds, json: parsed.values.json};
}

function load_runtime() {
  for (const place of [import.meta.url, `${process.cwd()}/`]) {
    const require = createRequire(place);
    let path;
    try {
      path = require.resolve('onnxruntime-node');
    } catch {
      continue;
    }
    try {
      return require(path);
    } catch (error) {
      throw new Failure(`onnxruntime-node cannot be loaded: ${first_line(error)}`);
    }
  }
  throw new Failure(`onnxruntime-node is not installed; in bitloom's folder: ${kInstall}`);
}

const first_line = (error) => String(error?.message ?? error).split('\n')[0];

/// SplitMix64's upper 32 bits, so that every run has the same inputs.
function random_numbers(seed) {
  let state = BigInt(seed);
  const mask = (1n << 64n) - 1n;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) >> 32n);
  };
}

/// How to make an array of each element type, with values all over the type (floats: 0 to 1).
const kArrays = {
  float32: (size, next) => Float32Array.from({length: size}, () => next() / 2 ** 32),
  uint8: (size, next) => Uint8Array.from({length: size}, () => next() & 255),
  int8: (size, next) => Int8Array.from({length: size}, () => next() & 255),
};

function random_inputs(runtime, session, batch) {
  const next = random_numbers(1);
  const feeds = {};
  for (const input of session.inputMetadata) {
    const make = kArrays[input.type];
    if (!input.isTensor || make === undefined) throw new Failure(`input '${input.name}' is of type ${input.type}; float32, uint8 and int8 are fed`);
    const shape = input.shape.map((size, i) => (i === 0 ? batch : size));
    const open = shape.find((size) => !Number.isInteger(size) || size < 1);
    if (open !== undefined) throw new Failure(`input '${input.name}' leaves its dimension '${open}' open; only the first may be`);
    const fixed = input.shape[0];
    if (Number.isInteger(fixed) && fixed > 0 && fixed !== batch) throw new Failure(`input '${input.name}' takes ${fixed} images at a time, not ${batch}`);
    feeds[input.name] = new runtime.Tensor(input.type, make(shape.reduce((a, b) => a * b, 1), next), shape);
  }
  return feeds;
}

async function measure(session, feeds, seconds) {
  const times = [];
  for (let i = 0; i < 3; ++i) await session.run(feeds);  // plans its memory
  const begin = performance.now();
  do {
    const start = performance.now();
    await session.run(feeds);
    times.push((performance.now() - start) / 1000);
  } while (performance.now() - begin < seconds * 1000);
  times.sort((a, b) => a - b);
  return {median: times[times.length >> 1], best: times[0], runs: times.length};
}

async function main() {
  const {model, batch, seconds, json} = arguments_of(process.argv.slice(2));
  const runtime = load_runtime();
  if (!existsSync(model)) throw new Failure(`${model}: there is no such file`);
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const {median, best, runs} = await measure(session, random_inputs(runtime, session, batch), seconds);
  const result = {
    runtime: 'onnxruntime',
    version: runtime.env.versions.node,
    model,
    inputs: session.inputMetadata.map(({name, type, shape}) => ({name, type, shape})),
    threads: 1,
    batch,
    runs,
    images_per_second: batch / median,
    best_images_per_second: batch / best,
  };
  if (json) {
    console.log(JSON.stringify(result, null, 2));
  } else {
    console.log(`${model}: ${Math.round(batch / median)} images/s (best ${Math.round(batch / best)}), batch ${batch}, ` +
                `1 thread, ONNX Runtime ${result.version}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(`onnxruntime.mjs: ${first_line(error)}`);
  process.exitCode = 1;
}
