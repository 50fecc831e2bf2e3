"""TypeScript declarations of the globals that every program has, for the type checker.

ECMAScript's own come from the checker's `lib.es2023`; these are the rest.
"""

from __future__ import annotations

from typing import Final

GLOBALS: Final = """\
interface Console {
  log(...data: any[]): void; info(...data: any[]): void; debug(...data: any[]): void;
  warn(...data: any[]): void; error(...data: any[]): void; trace(...data: any[]): void;
  dir(value?: any): void; table(value?: any): void; dirxml(...data: any[]): void;
  assert(condition?: any, ...data: any[]): void;
  count(label?: string): void; countReset(label?: string): void;
  group(...data: any[]): void; groupCollapsed(...data: any[]): void; groupEnd(): void;
  time(label?: string): void; timeLog(label?: string, ...data: any[]): void;
  timeEnd(label?: string): void;
}
declare var console: Console;
declare function setTimeout<A extends any[]>(
  f: (...args: A) => void, ms?: number, ...args: A
): number;
declare function setInterval<A extends any[]>(
  f: (...args: A) => void, ms?: number, ...args: A
): number;
declare function setImmediate<A extends any[]>(f: (...args: A) => void, ...args: A): number;
declare function clearTimeout(id?: number): void;
declare function clearInterval(id?: number): void;
declare function clearImmediate(id?: number): void;
declare function queueMicrotask(f: () => void): void;
declare function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;
declare function atob(data: string): string;
declare function btoa(data: string): string;
declare var performance: { now(): number; readonly timeOrigin: number };
declare var crypto: {
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
};
declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string; readonly fatal: boolean; readonly ignoreBOM: boolean;
  decode(source?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(
    init?: string | URLSearchParams | Iterable<readonly [string, string]> | Record<string, string>,
  );
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(f: (value: string, name: string, params: URLSearchParams) => void, self?: any): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  href: string; protocol: string; username: string; password: string; host: string;
  hostname: string; port: string; pathname: string; search: string; hash: string;
  readonly origin: string; readonly searchParams: URLSearchParams;
  toJSON(): string;
}
declare class DOMException extends Error {
  constructor(message?: string, name?: string); readonly code: number;
}
declare class CallError extends Error {
  readonly operation: string; readonly status?: number; readonly code?: string; readonly body?: any;
}
declare class ApiError extends CallError { readonly status: number }
declare class ArgumentError extends CallError {}
declare class ReplyError extends CallError {}
declare class PolicyError extends CallError {}
declare class NetworkError extends CallError {}
declare class CredentialError extends CallError {}
declare class LimitError extends CallError {}
declare class HostError extends CallError {}
"""
