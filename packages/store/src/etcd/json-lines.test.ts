import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { EtcdFailure } from './etcd-failure.ts'
import { jsonLines } from './json-lines.ts'

async function linesOf(text: string, chunkBytes: number): Promise<readonly unknown[]> {
  const bytes = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkBytes)
        controller.enqueue(bytes.slice(at, at + chunkBytes))
      controller.close()
    },
  })
  const found: unknown[] = []
  for await (const line of jsonLines(body)) found.push(line)
  return found
}

describe('lines of JSON', () => {
  it.each([1, 2, 7, 1000])('are read from chunks of %d bytes', async (chunkBytes) => {
    const lines = [{ a: 'é\u{1f600}' }, 1, 'x'.repeat(100)]
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    expect(await linesOf(`\n${text}\n`, chunkBytes)).toEqual(lines)
  })

  it('are none without an end, nor if they are no JSON', async () => {
    expect(await linesOf('1\n{"a":', 3)).toEqual([1])
    await expect(linesOf('<html>\n', 100)).rejects.toThrow(EtcdFailure)
  })

  it('are not repeated in the message if they are no JSON', async () => {
    const failure: unknown = await linesOf('{"value":"hunter2\n', 100).catch((thrown: unknown) => thrown)
    expect(inspect(failure)).not.toContain('hunter2')
  })
})
