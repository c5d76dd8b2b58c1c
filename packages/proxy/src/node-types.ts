import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

/** A request of `node:http`, `node:https` or `node:http2`. */
export type NodeMessage = IncomingMessage | Http2ServerRequest

/** What is used of a response of `node:http`, `node:https` or `node:http2`. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  readonly writableEnded: boolean
  getHeaderNames(): string[]
  hasHeader(name: string): boolean
  appendHeader(name: string, value: string): unknown
  setHeader(name: string, value: number | string | readonly string[]): unknown
  removeHeader(name: string): unknown
  /** `node:http2` has it too. */
  flushHeaders?(): void
  writeContinue(): void
  write(chunk: Uint8Array): boolean
  addTrailers(trailers: Record<string, string>): void
  end(): unknown
  end(content: string): unknown
  destroy(): unknown
  on(event: 'drain', listener: () => void): unknown
  once(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  off(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
}

/** A header as it is sent: its name and one value. */
export type Header = readonly [name: string, value: string]
