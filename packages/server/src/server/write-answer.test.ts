import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { type NodeResponse, writeAnswer } from './write-answer.ts'

/** A response whose buffer is full with the first bytes, until it drains. */
class FullResponse extends EventEmitter implements NodeResponse {
  statusCode = 0
  headersSent = false
  destroyed = false
  isEnded = false
  readonly headers = new Map<string, unknown>()
  readonly written: Buffer[] = []

  getHeader(name: string): unknown {
    return this.headers.get(name)
  }
  hasHeader(name: string): boolean {
    return this.headers.has(name)
  }
  setHeader(name: string, value: unknown): void {
    this.headers.set(name, value)
  }
  write(chunk: Uint8Array): boolean {
    this.written.push(Buffer.from(chunk))
    return false
  }
  end(content = ''): void {
    this.written.push(Buffer.from(content))
    this.isEnded = true
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
  get text(): string {
    return Buffer.concat(this.written).toString()
  }
}

const answerOf = (content: string) => ({ status: 200, headers: {}, content })

it.each([0, 1, 8192])('an answer of %i bytes is sent at once', async (length) => {
  const response = new FullResponse()
  await writeAnswer(answerOf('x'.repeat(length)), response, false)
  expect([response.isEnded, response.written.length, response.text.length]).toEqual([true, 1, length])
})

it.each([8193, 100_000])('the end of an answer of %i bytes waits until the rest has left', async (length) => {
  const content = `${'ü'.repeat(length >> 1)}${'x'.repeat(length & 1)}`
  const response = new FullResponse()
  const sent = writeAnswer(answerOf(content), response, false)
  await Promise.resolve()
  expect(response.isEnded).toBe(false)
  expect(Buffer.concat(response.written).length).toBe(length - 1024)
  response.emit('drain')
  await sent
  expect(response.isEnded).toBe(true)
  expect(response.text).toBe(content)
  expect(response.headers.get('content-length')).toBe(length)
  expect(response.eventNames()).toEqual([])
})

it('nothing is written to a client that goes away meanwhile', async () => {
  const response = new FullResponse()
  const sent = writeAnswer(answerOf('x'.repeat(100_000)), response, false)
  response.destroy()
  await sent
  expect([response.isEnded, response.written.length]).toEqual([false, 1])
  expect(response.eventNames()).toEqual([])
})
