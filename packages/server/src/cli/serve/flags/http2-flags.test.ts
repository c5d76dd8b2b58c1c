import { expect, it, onTestFinished } from 'vitest'
import { http2Settings } from './listen-flags.ts'
import { serveFlags } from './serve-flags.ts'

/** As if another version of Node.js ran. */
function under(version: string): void {
  const versions = Object.getOwnPropertyDescriptor(process, 'versions')
  if (versions === undefined) throw new Error('there are no versions')
  Object.defineProperty(process, 'versions', { ...versions, value: { ...process.versions, node: version } })
  onTestFinished(() => void Object.defineProperty(process, 'versions', versions))
}

const ON = '--disable-http2-serving=false'

it.each<[string, readonly string[], number]>([
  ['22.17.0', [ON], 100],
  ['24.2.0', [ON, '--http2-max-streams-per-connection=0'], 100],
  ['26.0.0', [ON, '--http2-max-streams-per-connection=1'], 1],
  ['26.0.0', [ON, '--http2-max-streams-per-connection=4294967295'], 4_294_967_295],
])('HTTP/2 is on with Node.js %s and %j', (version, argv, maxStreams) => {
  under(version)
  expect(http2Settings(serveFlags(argv))).toEqual({ maxStreams })
})

it.each(['20.20.2', '22.16.9', '23.11.1', '24.1.0'])('HTTP/2 is refused with Node.js %s', (version) => {
  under(version)
  expect(() => serveFlags([ON])).toThrow('--disable-http2-serving: HTTP/2 needs Node.js 22.17, 24.2 or later')
  expect(http2Settings(serveFlags([]))).toBeUndefined()
})
