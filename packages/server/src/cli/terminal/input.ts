import { finish, isObject, messageOf } from '@kube-authn/core/internal'
import { readSteps } from '@kube-authn/node/internal'
import { Failure, Interrupted, orFail } from '../failure.ts'
import type { Terminal } from './terminal.ts'

/** The name of standard input among files. */
export const STDIN = '-'

/** Refuses options that would read standard input several times. @throws {Failure} */
export function refuseRepeatedStdin(paths: readonly (string | undefined)[]): void {
  if (paths.filter((each) => each === STDIN).length > 1) {
    throw new Failure('only one option can read standard input')
  }
}

const MAX_BYTES = 1_048_576

/** What a command reads: a path, or `-` for standard input. */
export interface Input {
  /** As messages name it. */
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Reads a file, or standard input for `-`. @throws {Failure} if it cannot be read, is not a regular file, or is larger than `maxBytes`. */
export async function readInput(terminal: Terminal, path: string, maxBytes: number): Promise<Input> {
  return path === STDIN
    ? { name: 'standard input', bytes: await readStdin(terminal, maxBytes) }
    : { name: path, bytes: readFile(path, maxBytes) }
}

export async function readText(
  terminal: Terminal,
  path: string,
  maxBytes: number = MAX_BYTES,
): Promise<string> {
  const { name, bytes } = await readInput(terminal, path, maxBytes)
  const text = textOf(bytes)
  if (text === undefined) throw new Failure(`${name}: not UTF-8`)
  return text
}

/** The content of a file that has one secret, such as a token: its first line. */
export async function readSecret(terminal: Terminal, path: string, what: string): Promise<string> {
  const text = await readText(terminal, path)
  const [line = '', ...more] = text.split(/\r?\n/)
  const name = path === STDIN ? 'standard input' : path
  if (line === '') throw new Failure(`${name}: the ${what} is empty`)
  if (more.some((each) => each !== '')) throw new Failure(`${name}: the ${what} must be one line`)
  return line
}

/** `undefined` if the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The value of a text in JSON; `undefined` if it is not JSON. The message of a parser may have a part of the text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The claims of a token, which are not verified; none if it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = '', signature] = token.split('.')
  if (signature === undefined) return {}
  const claims = parsedJson(Buffer.from(payload, 'base64url').toString())
  return isObject(claims) ? claims : {}
}

/** @throws {Failure} if the file cannot be read, is not a regular file, or is larger than `maxBytes`. */
export function readFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  return orFail(
    () => finish(readSteps(path, maxBytes)),
    (error) => messageOf(error, `${path}: cannot be read`),
  )
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

/**
 * Asks for a secret at the terminal, without showing it. The question goes to stderr, so that stdout can be piped.
 *
 * @throws {Failure} if standard input is not a terminal.
 */
export async function askSecret({ stdin, stderr }: Terminal, question: string): Promise<string> {
  if (!stdin.isTTY) throw new Failure('standard input is not a terminal')
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  try {
    return await typedLine(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

const [CTRL_C, CTRL_D, CTRL_U, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\u0015', '\b', '\u007f']

/** A raw terminal sends keys one by one, and does not interpret them. */
function typedLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = []
    const onData = (data: string): void => {
      for (const key of data) {
        const isEnd = key === '\r' || key === '\n' || key === CTRL_D
        if (isEnd || key === CTRL_C) {
          stdin.off('data', onData)
          if (isEnd) resolve(typed.join(''))
          else reject(new Interrupted())
          return
        }
        if (key === CTRL_U) typed.length = 0
        else if (key === BACKSPACE || key === DELETE) typed.pop()
        else typed.push(key)
      }
    }
    stdin.on('data', onData)
  })
}
