import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { startCluster } from './kubernetes-1.6-document/cluster.ts'
import { makeScratch } from './scratch.ts'
import { linesOf } from './script-lines.ts'

const script = fileURLToPath(new URL('client-python.py', import.meta.url))

describe.runIf(has('pythonClient'))("Debian's Python client", () => {
  it('reads, writes and watches objects, with the rights of its token', async () => {
    const scratch = makeScratch()
    const cluster = await startCluster(scratch, 'data', ['--in-memory'])
    const child = spawn(COMPONENTS.pythonClient.command, [script, cluster.adminConfig], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await cluster.stop()
      scratch.remove()
    })
    expect(Object.fromEntries(await linesOf(child))).toEqual({
      created: { a: '1' },
      twice: [409, 'AlreadyExists'],
      listed: [['one', null]],
      merged: { a: '1', b: '2' },
      'json patch': { b: '2', c: '3' },
      stale: [409, 'Conflict'],
      replaced: { z: '1' },
      deleted: 'Success',
      missing: [404, 'NotFound'],
      pages: [
        ['page-0', 'page-1'],
        ['page-2', 'page-3', 'page-4'],
      ],
      collection: 'ConfigMapList',
      'deleted pod': 'p',
      'from a dictionary': ['from', 'yaml'],
      robot: 'system:serviceaccount:default:robot',
      'without a role': [403, 'Forbidden'],
      role: ['list'],
      'with a role': [],
      may: true,
      'deleted account': 'robot',
      'after it': [401, 'Unauthorized'],
      micros: '2026-01-02T03:04:05.123456+00:00',
      'no micros': [400, 'BadRequest'],
      watch: [
        ['ADDED', 'w', 'ConfigMap'],
        ['MODIFIED', 'w', 'ConfigMap'],
        ['DELETED', 'w', 'ConfigMap'],
      ],
      applied: { a: '1' },
      withdrawn: null,
      'listed without types': 'dynamic',
      'deleted without types': 'Success',
    })
  })
})
