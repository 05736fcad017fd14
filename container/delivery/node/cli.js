#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The devshm command. `run` takes a program for Node, too: devshm run app.js
'use strict';
const { spawn } = require('child_process');
const os = require('os');
const path = require('path');
const { library } = require('./index.js');

const withoutValue = new Set(['--explain', '--help', '-h']);

// The arguments of `run`, with this Node before a program for it.
function withInterpreter(words) {
  let at = 0;
  while (at < words.length && words[at].startsWith('-') && words[at] !== '--')
    at += words[at].includes('=') || withoutValue.has(words[at]) ? 1 : 2;
  const options = words.slice(0, at);
  const command = words.slice(words[at] === '--' ? at + 1 : at);
  if (!/\.[cm]?js$/.test(command[0] || '')) return words;
  return [...options, '--', process.execPath, ...command];
}

const [command, ...words] = process.argv.slice(2);
const args = command === 'run' ? ['run', ...withInterpreter(words)] : process.argv.slice(2);
// Node can't replace itself by another program: it waits, passes on signals, and ends as the program did.
const child = spawn('/bin/sh', [path.join(path.dirname(library()), 'devshm'), ...args], { stdio: 'inherit' });
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
for (const name of forwarded) process.on(name, () => child.kill(name));
child.on('error', error => { console.error(`devshm: ${error.message}`); process.exit(127); });
child.on('exit', (status, signal) => {
  for (const name of forwarded) process.removeAllListeners(name);
  process.exitCode = signal ? 128 + os.constants.signals[signal] : status;
});
