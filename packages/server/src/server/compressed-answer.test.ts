import { gunzipSync } from 'node:zlib'
import { fetchRequest, StatusError } from '@kube-authn/core/adapter'
import type { AuthenticationRequest } from '@kube-authn/core'
import { expect, it, vi } from 'vitest'
import { compressed } from './compressed-answer.ts'

const LIST = '/api/v1/namespaces/default/configmaps'
const asked = (
  headers: Readonly<Record<string, string>> = { 'accept-encoding': 'gzip' },
  path = LIST,
  method = 'GET',
): AuthenticationRequest => fetchRequest(new Request(`https://api${path}`, { method, headers }))
const answerOf = (content: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json', vary: 'Accept' },
  content,
})
const LONG = `${'ü'.repeat(65_536)}x`

async function contentOf(answer: unknown): Promise<string> {
  expect(answer).toBeInstanceOf(Response)
  return gunzipSync(Buffer.from(await (answer as Response).arrayBuffer())).toString()
}

it('compresses an answer of more than 128 KiB, and says so', async () => {
  const answer = compressed(answerOf(LONG), asked())
  expect([answer.status, Object.fromEntries((answer as Response).headers)]).toEqual([
    200,
    { 'content-type': 'application/json', 'content-encoding': 'gzip', vary: 'Accept, Accept-Encoding' },
  ])
  expect(await contentOf(answer)).toBe(LONG)
})

it('keeps status and headers of a long refusal', async () => {
  const refusal = new StatusError({
    status: 422,
    reason: 'Invalid',
    message: LONG,
    headers: { warning: ['299 - "a"', '299 - "b"'] },
  })
  const answer = compressed(refusal, asked())
  expect([answer.status, (answer as Response).headers.get('warning')]).toEqual([422, '299 - "a", 299 - "b"'])
  expect(JSON.parse(await contentOf(answer))).toMatchObject({ message: LONG })
})

it.each<[string, AuthenticationRequest, string]>([
  ['of 128 KiB', asked(), 'x'.repeat(131_072)],
  ['without Accept-Encoding', asked({}), LONG],
  ['for another encoding', asked({ 'accept-encoding': 'br, deflate, x-gzip, GZIP' }), LONG],
  ['for gzip with a weight', asked({ 'accept-encoding': 'gzip;q=0' }), LONG],
  ['for any encoding', asked({ 'accept-encoding': '*' }), LONG],
  ['to HEAD', asked(undefined, '/openapi/v2', 'HEAD'), LONG],
  ['with secrets', asked(undefined, '/api/v1/secrets'), LONG],
])('an answer %s stays as it is', (_, request, content) => {
  const answer = answerOf(content)
  expect(compressed(answer, request)).toBe(answer)
})

it.each(['gzip', 'br, gzip', ' deflate ,gzip , *'])('Accept-Encoding: %s accepts gzip', async (value) => {
  expect(await contentOf(compressed(answerOf(LONG), asked({ 'accept-encoding': value })))).toBe(LONG)
})

it.each([`${LIST}?watch=true`, '/api/v1/watch/pods', '/api/v1/namespaces/default/pods/p/log'])(
  'a stream at %s is not compressed',
  (path) => {
    const answer = new Response(new ReadableStream())
    expect(compressed(answer, asked(undefined, path))).toBe(answer)
    void answer.body?.cancel()
  },
)

it('a stream is compressed at the pace of its reader', async () => {
  let made = 0
  const noise = (): Uint8Array => crypto.getRandomValues(new Uint8Array(16_384))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      made++
      controller.enqueue(noise())
    },
  })
  const answer = compressed(new Response(body), asked()) as Response
  const reader = answer.body?.getReader()
  await reader?.read()
  let before = -1
  // It stops by itself, since its buffers are full.
  await vi.waitFor(() => {
    const last = before
    before = made
    expect(made).toBe(last)
  })
  expect(made).toBeLessThan(20)
  await reader?.cancel()
})

it('a stream whose reader leaves is cancelled, also while it waits for more', async () => {
  const cancelled = vi.fn<() => void>()
  const body = new ReadableStream<Uint8Array>({ cancel: cancelled })
  const answer = compressed(new Response(body), asked()) as Response
  const reader = answer.body?.getReader()
  const reading = reader?.read()
  await reader?.cancel()
  expect(await reading).toEqual({ done: true, value: undefined })
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce())
})

it('a stream that fails does not end like a whole one', async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(100)),
    pull: (controller) => controller.error(new Error('the store failed')),
  })
  const answer = compressed(new Response(body), asked()) as Response
  await expect(answer.arrayBuffer()).rejects.toThrow('the store failed')
})
