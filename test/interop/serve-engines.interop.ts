import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { postgresObjectStore } from '@kube-authn/store/postgres'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { folderOf, type Run } from '../../packages/server/test/command.ts'
import { type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS, has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'
import { startWatching, startWriting } from './write-load.ts'

interface Engine {
  /** The value of `--store`. */
  readonly store: string
  kill(): Promise<void>
  start(): Promise<void>
}

const scratch = makeScratch()
afterAll(() => scratch.remove())

const ENGINES = {
  async postgres(): Promise<Engine> {
    const server = await startPostgres(scratch, { name: crypto.randomUUID() })
    onTestFinished(() => server.close())
    return { ...server, store: server.url }
  },
  async etcd(): Promise<Engine> {
    const etcd = await startEtcd(scratch, crypto.randomUUID())
    onTestFinished(() => etcd.close())
    return { ...etcd, store: `etcd+http://127.0.0.1:${etcd.port}` }
  },
} as const

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

describe.each(['postgres', 'etcd'] as const)('kube-authn serve with %s', (name) => {
  it.runIf(has('kubectl', 'setpriv', name))(
    'keeps objects when it or the engine is killed, and a watch of kubectl goes on when the engine is',
    async () => {
      const engine = await ENGINES[name]()
      const flags = [`--store=${engine.store}`, `--data-dir=${join(folderOf(), 'data')}`]
      let served = await startServeProcess(flags)
      await done(served, 'create', 'configmap', 'one')
      const watch = watchWithKubectl(served)
      await watch.says('configmap/one')
      await engine.kill()
      const refused = await kubectl(served, 'create', 'configmap', 'two')
      expect(refused).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('the store is not available'),
      })
      await engine.start()
      await vi.waitFor(() => done(served, 'create', 'configmap', 'three'))
      await watch.says('configmap/three')
      expect(watch.isOver()).toBe(false)

      await served.stop('SIGKILL')
      served = await startServeProcess(flags)
      expect(await done(served, 'get', 'configmaps', '-o', 'name')).toMatch(
        /^configmap\/one\nconfigmap\/three\n/m,
      )
      const again = watchWithKubectl(served)
      await again.says('configmap/three')
      await done(served, 'delete', 'configmap', 'one')
      await done(served, 'create', 'configmap', 'four')
      await again.says('configmap/four')
    },
  )
})

describe.runIf(has('postgres', 'setpriv'))('three replicas of kube-authn serve', () => {
  it('lose nothing that one has acknowledged which is killed among its writes, and hold none of the others up', async () => {
    const engine = await ENGINES.postgres()
    const folders = Array.from({ length: 3 }, () => join(folderOf(), 'data'))
    const flags = folders.map((folder) => [`--store=${engine.store}`, `--data-dir=${folder}`])
    const first = await startServeProcess(flags[0])
    // They are one API server, with the same keys.
    for (const folder of folders.slice(1)) {
      mkdirSync(folder, { mode: 0o700 })
      cpSync(join(folders[0]!, 'pki'), join(folder, 'pki'), { recursive: true })
    }
    const replicas = [first, ...(await Promise.all(flags.slice(1).map((each) => startServeProcess(each))))]
    const beside = await postgresObjectStore({ connectionString: engine.store })
    onTestFinished(() => beside.close())
    const told = startWatching(beside, { prefix: '/registry/configmaps/', since: await beside.revision() })
    const load = startWriting(
      replicas.map((_, index) => ({ create: (key) => create(replicas[index]!, key) })),
    )
    for (let kills = 0; kills < 2; kills++) {
      await load.progress(60, 0)
      await replicas[0]!.stop('SIGKILL')
      await Promise.all([load.progress(60, 1), load.progress(60, 2)])
      replicas[0] = await startServeProcess(flags[0])
    }
    await load.progress(60, 0)
    await load.stop()
    // Only the one that was killed has failed.
    expect([...load.refused.keys()].filter((key) => !key.startsWith('/0/'))).toEqual([])
    const { objects } = await beside.list('/registry/configmaps/default/')
    const found = new Map(objects.map((object) => [object.key.split('/').at(-1), object.revision]))
    const lost = [...load.acknowledged].filter(([key, at]) => found.get(nameOf(key)) !== at)
    expect(lost).toEqual([])
    await told.reach(Math.max(...found.values()))
    const created = told.changes.filter(({ key }) => key.includes('/load-'))
    expect(created.map(({ type }) => type)).toEqual(created.map(() => 'created'))
    expect(new Set(created.map(({ key }) => key)).size).toBe(created.length)
    console.log(`${load.acknowledged.size} acknowledged, ${load.refused.size} refused`)
  })
})

function nameOf(key: string): string {
  return `load${key.replaceAll('/', '-')}`
}

async function create({ admin }: Served, key: string): Promise<{ readonly revision: number }> {
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: nameOf(key) } }
  const response = await admin(CONFIG_MAPS, { method: 'POST', body })
  const answer = (await response.json()) as {
    readonly message?: string
    readonly metadata: { readonly resourceVersion: string }
  }
  if (response.status !== 201) throw new Error(`${response.status}: ${answer.message}`)
  return { revision: Number(answer.metadata.resourceVersion) }
}

/** As one who has pasted the printed lines. */
function environmentOf({ announcement }: Served): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '', HOME: folderOf(), KUBECONFIG: announcement['kubeconfig'] ?? '' }
}

function kubectl(served: Served, ...args: readonly string[]): Promise<Run> {
  const env = environmentOf(served)
  return new Promise((resolve) => {
    execFile(COMPONENTS.kubectl.command, args, { env, timeout: PATIENCE_MS }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    ).stdin?.end()
  })
}

/** What it prints. @throws {Error} unless it succeeds. */
async function done(served: Served, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await kubectl(served, ...args)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

/** `kubectl get configmaps -w`, until the end of the test. */
function watchWithKubectl(served: Served): {
  /** Resolves when it has printed this line. */
  says(line: string): Promise<void>
  isOver(): boolean
} {
  const child = spawn(COMPONENTS.kubectl.command, ['get', 'configmaps', '--watch', '-o', 'name'], {
    env: environmentOf(served),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  return {
    says: (line) => vi.waitFor(() => expect(printed.split('\n')).toContain(line)),
    isOver: () => child.exitCode !== null,
  }
}
