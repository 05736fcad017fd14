// SPDX-License-Identifier: MIT
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const here = path.join(__dirname, process.arch);

function file(name) {
  const found = path.join(here, name);
  if (!fs.existsSync(found)) throw new Error(`devshm has no files for ${process.platform} on ${process.arch}`);
  return found;
}

const library = () => file('libdevshm.so');

function check(program = process.execPath) {
  const done = spawnSync('/bin/sh', [file('devshm'), 'check', '--json', program],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (done.error) throw done.error;
  try {
    return JSON.parse(done.stdout);
  } catch (_) {
    throw new Error(`devshm check ended with status ${done.status}`);
  }
}

module.exports = { library, check };
