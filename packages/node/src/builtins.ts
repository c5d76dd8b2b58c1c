/*
 * Node modules that are loaded on first use: loading them would take longer than the rest of importing this package. With `import`, `node:fs` loads those of
 * streams as well.
 */
import type * as NodeCrypto from 'node:crypto'
import type * as NodeFs from 'node:fs'
import type * as NodeHttp from 'node:http'
import type * as NodeHttp2 from 'node:http2'
import type * as NodeNet from 'node:net'
import type * as NodeStreams from 'node:stream/promises'
import type * as NodeTls from 'node:tls'
import type * as NodeZlib from 'node:zlib'

export function nodeCrypto(): typeof NodeCrypto {
  return process.getBuiltinModule('node:crypto')
}

export function nodeFs(): typeof NodeFs {
  return process.getBuiltinModule('node:fs')
}

export function nodeHttp(): typeof NodeHttp {
  return process.getBuiltinModule('node:http')
}

export function nodeHttp2(): typeof NodeHttp2 {
  return process.getBuiltinModule('node:http2')
}

export function nodeNet(): typeof NodeNet {
  return process.getBuiltinModule('node:net')
}

export function nodeStreams(): typeof NodeStreams {
  return process.getBuiltinModule('node:stream/promises')
}

export function nodeTls(): typeof NodeTls {
  return process.getBuiltinModule('node:tls')
}

export function nodeZlib(): typeof NodeZlib {
  return process.getBuiltinModule('node:zlib')
}
