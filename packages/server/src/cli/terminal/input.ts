import { finish } from '@kube-authn/core/internal'
import { readSteps } from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import type { Terminal } from './terminal.ts'

/** The name of standard input among files. */
export const STDIN = '-'

/** What a command reads: a path, or `-` for standard input. */
export interface Input {
  /** As messages name it. */
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/**
 * Reads a file, or standard input for `-`.
 *
 * @throws {Failure} if it cannot be read, is not a regular file, or is larger than `maxBytes`.
 */
export async function readInput(terminal: Terminal, path: string, maxBytes: number): Promise<Input> {
  return path === STDIN
    ? { name: 'standard input', bytes: await readStdin(terminal, maxBytes) }
    : { name: path, bytes: readFile(path, maxBytes) }
}

/** The same as a string. */
export async function readText(terminal: Terminal, path: string, maxBytes: number): Promise<string> {
  const { name, bytes } = await readInput(terminal, path, maxBytes)
  const text = textOf(bytes)
  if (text === undefined) throw new Failure(`${name}: not UTF-8`)
  return text
}

/** The content of a file that has one secret, such as a token: its first line. */
export async function readSecret(terminal: Terminal, path: string, what: string): Promise<string> {
  const text = await readText(terminal, path, MAX_SECRET_BYTES)
  const [line = '', ...more] = text.split(/\r?\n/)
  const name = path === STDIN ? 'standard input' : path
  if (line === '') throw new Failure(`${name}: the ${what} is empty`)
  if (more.some((each) => each !== '')) throw new Failure(`${name}: the ${what} must be one line`)
  return line
}

const MAX_SECRET_BYTES = 1_048_576

/** `undefined` if the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** @throws {Failure} if the file cannot be read, is not a regular file, or is larger than `maxBytes`. */
export function readFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return finish(readSteps(path, maxBytes))
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : `${path}: cannot be read`, { cause: error })
  }
}

async function readStdin({ stdin }: Terminal, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let length = 0
  const input: AsyncIterable<Buffer> = stdin
  for await (const bytes of input) {
    length += bytes.length
    if (length > maxBytes) throw new Failure(`standard input: larger than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
