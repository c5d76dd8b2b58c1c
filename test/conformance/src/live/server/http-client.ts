import { Agent, type IncomingHttpHeaders, request } from 'node:http'

/** A response as it came. */
export interface RawAnswer {
  /** 0 if there is none. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly content: Buffer
  readonly error?: string
}

export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
  /** Whether enough of a stream has been read. Default: streams are read to their end. */
  readonly isEnough?: (content: Buffer) => boolean
}

export interface HttpClient {
  send(sent: SentRequest): Promise<RawAnswer>
  close(): void
}

/** The `error` of an answer that was not read to its end. */
export const READ_ENOUGH = 'read enough'

/** For answers that never end, which should: the speed and load of the machine must not matter. */
const PATIENCE_MS = 300_000
/** How long a stream is read after it had enough, so that anything beyond that is noticed. */
const MORE_MS = 15

/** Sends requests over connections that are kept. */
export function httpClient(port: number): HttpClient {
  const agent = new Agent({ keepAlive: true })
  return {
    send: ({ method, path, headers, body, isEnough }) =>
      new Promise((resolve) => {
        const chunks: Buffer[] = []
        let answer: Pick<RawAnswer, 'status' | 'headers'> = { status: 0, headers: {} }
        const finish = (error?: string): void => {
          clearTimeout(timer)
          if (error !== undefined) sent.destroy()
          resolve({ ...answer, content: Buffer.concat(chunks), ...(error !== undefined && { error }) })
        }
        let timer = setTimeout(() => finish('still open'), PATIENCE_MS)
        const endSoon = (): void => {
          if (isEnough?.(Buffer.concat(chunks)) !== true) return
          clearTimeout(timer)
          timer = setTimeout(() => finish(READ_ENOUGH), MORE_MS)
        }
        const length = body === undefined ? {} : { 'content-length': String(body.length) }
        const options = { host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...length } }
        const sent = request(options, (response) => {
          answer = { status: response.statusCode ?? 0, headers: response.headers }
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk)
            endSoon()
          })
          response.on('end', () => finish())
          response.on('error', (error) => finish(error.message))
          endSoon()
        })
        sent.on('error', (error) => finish(error.message))
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
