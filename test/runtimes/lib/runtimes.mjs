import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaryOf } from '../binaries.mjs'
import { bundle } from './bundle.mjs'
import { serving } from './serving.mjs'

const host = (name) => fileURLToPath(new URL(`../hosts/${name}`, import.meta.url))

/**
 * The runtimes of the suite.
 *
 * - `facts.node`: it has Node's modules; `facts.peerCertificates`: its HTTP servers provide the certificates of TLS peers; `facts.cloudflare`:
 *   whether Cloudflare's certificate data `counts`, is `possible`, or `refused` when an app is created.
 * - `exactHeaders`: the adapter sees repeated headers as sent; elsewhere the runtime joined them.
 * - `takesFirst`: of two `Authorization` headers, the server takes the first.
 * - `start` serves the suite with the facts; `scratch` is a temporary folder for that.
 * - `script` runs a script for Node, if supported.
 */
export const RUNTIMES = {
  'Node 20': nodeOf('node20'),
  'Node 22': nodeOf('node22'),
  'Node 24': nodeOf('node24'),
  'Node 26': nodeOf('node26'),
  Deno: processOf('deno', ['run', '-A', '--v8-flags=--disallow-code-generation-from-strings'], {
    facts: { node: true, peerCertificates: true, cloudflare: 'refused' },
  }),
  Bun: processOf('bun', [], { facts: { node: true, peerCertificates: false, cloudflare: 'refused' } }),
  'workerd with Node': workerdOf(['nodejs_compat'], true),
  // Both flags: with only one of them Node's modules stay, and the test would be vacuous.
  'workerd without Node': workerdOf(['no_nodejs_compat', 'no_nodejs_compat_v2'], false),
  "Vercel's edge runtime": {
    facts: { node: false, peerCertificates: false, cloudflare: 'possible' },
    takesFirst: true,
    async start(scratch, facts) {
      const outfile = join(scratch, 'edge-function.js')
      await bundle({ host: 'edge-function.mjs', outfile, facts, conditions: ['edge-light'], format: 'iife' })
      // Its WebCrypto is that of the Node it runs in, and Node 20's rejects its ArrayBuffers.
      return serving(await binaryOf('node24'), [
        host('edge-runtime.mjs'),
        await binaryOf('edge-runtime'),
        outfile,
      ])
    },
  },
}

function nodeOf(name) {
  const flags = ['--disallow-code-generation-from-strings']
  return processOf(name, flags, {
    facts: { node: true, peerCertificates: true, cloudflare: 'possible' },
    exactHeaders: true,
  })
}

function processOf(name, args, expected) {
  return {
    ...expected,
    start: async (_scratch, facts) =>
      serving(await binaryOf(name), [...args, host('process.mjs'), JSON.stringify(facts)]),
    script: async (path) => [await binaryOf(name), name === 'deno' ? ['run', '-A', path] : [path]],
  }
}

function workerdOf(flags, node) {
  return {
    facts: { node, peerCertificates: false, cloudflare: 'counts' },
    async start(scratch, facts) {
      const outfile = join(scratch, 'worker.mjs')
      const conditions = ['workerd', 'worker', 'browser']
      await bundle({ host: 'worker.mjs', outfile, facts, conditions, format: 'esm' })
      const config = join(scratch, 'config.capnp')
      writeFileSync(config, workerConfig(flags))
      return serving(await binaryOf('workerd'), ['serve', '--control-fd=3', config], {
        portFrom: 3,
        readPort: (line) => JSON.parse(line).port,
      })
    },
  }
}

function workerConfig(flags) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .suite)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "CF-Blob"), service = "main")],
);
const suite :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ${JSON.stringify(flags)},
);
`
}
