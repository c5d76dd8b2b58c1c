import type { AuthenticationRequest } from './recorded-authentication.ts'

const TOKEN = 'Bearer tok-jane'

/** The request of a case that was too long to record, generated from its name. */
export function longRequest(id: string): AuthenticationRequest {
  const [, http2, size] = /^(bytes|h2 headers): (\d+) kB header$/.exec(id) ?? []
  if (size !== undefined) {
    const headers = [
      ['x-big', 'b'.repeat(Number(size) * 1000)],
      ['authorization', TOKEN],
    ] as const
    return { headers, http2: http2 !== 'bytes' }
  }
  const [, protocol, unknown, length, unit] =
    /^(h2 headers: )?(unknown )?token of (\d+)( MB)?$/.exec(id) ?? []
  if (length === undefined) throw new Error(`nothing tells the request of ${JSON.stringify(id)}`)
  const token = (unknown === undefined ? 't' : 'u').repeat(Number(length) * (unit === undefined ? 1 : 1e6))
  return { headers: [['authorization', `Bearer ${token}`]], http2: protocol !== undefined }
}
