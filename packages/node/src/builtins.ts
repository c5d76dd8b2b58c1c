/*
 * Modules of Node that are found when they are first needed: to load them takes longer than all else that importing this package does.
 */

export function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}

export function nodeHttp2(): typeof import('node:http2') {
  return process.getBuiltinModule('node:http2')
}

export function nodeTls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls')
}
