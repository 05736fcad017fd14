// A handler for Node: answers with what it got, and with what a worker thread and a child made of it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const inWorker = (number) => new Promise((resolve, reject) => {
  const source = "require('worker_threads').parentPort.postMessage(require('worker_threads').workerData * 2)";
  new Worker(source, { eval: true, workerData: number }).once('message', resolve).once('error', reject);
});

export const handler = async (event, context) => {
  if (event.do === 'throw') throw new TypeError('as told');
  writeFileSync('/tmp/node', String(event.number));
  return {
    number: Number(readFileSync('/tmp/node', 'utf8')),
    doubled: await inWorker(event.number),
    child: execFileSync('/bin/echo', [String(event.number)]).toString().trim(),
    handler: process.env._HANDLER,
    time: context.getRemainingTimeInMillis() > 1000,
    directory: process.cwd(),
    shared: readShared(),
  };
};

function readShared() {
  try {
    writeFileSync('/dev/shm/node', 'shared');
    return readFileSync('/dev/shm/node', 'utf8');
  } catch (error) {
    return error.code;
  }
}
