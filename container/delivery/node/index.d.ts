// SPDX-License-Identifier: MIT

/** The path of libdevshm.so, for LD_PRELOAD in the environment of a process that is started. */
export function library(): string;

/** What `devshm check --json PROGRAM` reports. The program is Node itself unless another one is named. Changes nothing. */
export function check(program?: string): Report;

export interface Report {
  version: string;
  program: string;
  /** "works", "fails", "not loaded", "works without", "out of reach", "not installed" */
  status: string;
  /** 0 or 4 if /dev/shm works */
  exit: number;
  /** the status in a sentence */
  verdict: string;
  now?: object;
  with_devshm?: object;
}
