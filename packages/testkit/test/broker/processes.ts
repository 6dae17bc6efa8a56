// Looks at the processes and sockets of this machine through /proc. It must not change any.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether a process is there and is not a zombie, which its new parent has yet to collect. */
export function isRunning(pid: number | undefined): boolean {
  return pid !== undefined && /^\d+ \(.*\) [^ZX]/s.test(readProc(pid, 'stat'));
}

/** Ids of the processes whose command line or environment has this text. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && isRunning(pid))
    .filter((pid) => readProc(pid, 'cmdline').includes(text) || readProc(pid, 'environ').includes(text));
}

/** The command line of a process, its arguments parted by NUL. */
export function commandOf(pid: number): string {
  return readProc(pid, 'cmdline');
}

/** Whether a process listens, and on 127.0.0.1 only. */
export function loopbackListenersOnly(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1]),
  );
  const listening = ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9])); // 0A: LISTEN
  return listening.length > 0 && listening.every((fields) => fields[1]?.startsWith('0100007F:'));
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it ended this moment
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
