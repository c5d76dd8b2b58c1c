/*
 * Modules of Node that are found when they are first needed: to load them takes longer than all else that importing this package does.
 */
import type * as NodeCrypto from 'node:crypto'
import type * as NodeHttp2 from 'node:http2'
import type * as NodeTls from 'node:tls'
import type * as NodeZlib from 'node:zlib'

export function nodeCrypto(): typeof NodeCrypto {
  return process.getBuiltinModule('node:crypto')
}

export function nodeHttp2(): typeof NodeHttp2 {
  return process.getBuiltinModule('node:http2')
}

export function nodeTls(): typeof NodeTls {
  return process.getBuiltinModule('node:tls')
}

export function nodeZlib(): typeof NodeZlib {
  return process.getBuiltinModule('node:zlib')
}
