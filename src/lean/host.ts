/** The functions that the parts of the lean engine’s process in C offer. */

import type { Message } from '../kernel/codec';

/** A started program: its process id, and descriptors: of the process, of what it prints, of its errors. */
export type Child = readonly [pid: number, watch: number, stdout: number, stderr: number];

interface Host {
  bind(name: string): ((...words: readonly unknown[]) => number | null) | undefined;
  errno(): number;
  address(bytes: Uint8Array): number;
  environment(): Record<string, string>;
  exit(status: number): never;
  now(): number;
  random(): number;
  pid(): number;
  wait(descriptors: readonly number[], ms: number): readonly number[];
  spawn(path: string, argv: readonly string[], env: readonly string[], stdin: Uint8Array): Child | number;
  replace(path: string, argv: readonly string[], env: readonly string[], stdin: Uint8Array): number;
  changed(): boolean;
  xxHash3(bytes: Uint8Array): bigint;
  digest(wide: boolean, bytes: Uint8Array): ArrayBuffer;
  locateAttributes(data: Uint8Array, skip: number, only?: Uint8Array): readonly number[];
  encodeMessages(messages: readonly Message[], first: number, flagsOfLast: number): Uint8Array;
  startSender(): void;
  send(socket: number, bytes: Uint8Array): number | undefined;
  sent(): readonly number[];
  ended(pid: number): number | undefined;
  hostname(): string;
}

/** Made by the engine before any module runs. */
export const host: Host = (globalThis as unknown as { readonly host: Host }).host;
