import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMAND } from '../../../packages/server/test/command.ts'
import { has } from '../components.ts'
import { freePort } from '../ports.ts'
import { type RunningPostgres, startPostgres } from '../postgres.ts'
import { startBalancer } from '../rolling/balancer.ts'
import {
  certificate,
  DELAY_SECONDS,
  type Fleet,
  type Replica,
  replicaOf,
  REPLICAS,
  TOKEN,
  TOKENS,
} from '../rolling/fleets.ts'
import { begin, isWhole, startLoad } from '../rolling/load.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { buildOlderRelease, hasOlderRelease } from './older-release.ts'
import { expectShared, makeDownload, startWriting } from './requests.ts'

/** Replicas over one store, at the same ports, of an older release and of today's. */
async function serveReplicas(
  scratch: Scratch,
  older: string,
  store: string,
): Promise<{
  readonly caFile: string
  readonly before: readonly Replica[]
  readonly after: readonly Replica[]
}> {
  const { caFile, cert, key } = await certificate(scratch)
  const tokens = scratch.write('tokens.csv', TOKENS)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signingKey = scratch.write('sa.key', String(privateKey.export({ type: 'sec1', format: 'pem' })))
  const ports = [await freePort(), await freePort(), await freePort()]
  const replicas = (command: string): readonly Replica[] =>
    REPLICAS.map((name, index) =>
      replicaOf(name, ports[index]!, [
        '--max-old-space-size=512',
        command,
        'serve',
        `--store=${store}`,
        `--data-dir=${scratch.path(name)}`,
        `--secure-port=${ports[index]}`,
        `--tls-cert-file=${cert}`,
        `--tls-private-key-file=${key}`,
        `--token-auth-file=${tokens}`,
        `--service-account-signing-key-file=${signingKey}`,
        `--shutdown-delay-duration=${DELAY_SECONDS}s`,
        '--output=json',
      ]),
    )
  return { caFile, before: replicas(older), after: replicas(COMMAND) }
}

describe.runIf(has('postgres', 'haproxy', 'setpriv') && hasOlderRelease())('an upgrade of replicas', () => {
  const scratch = makeScratch()
  let older: string
  let database: RunningPostgres
  beforeAll(async () => {
    database = await startPostgres(scratch)
    older = await buildOlderRelease(scratch)
  })
  afterAll(async () => {
    await database.close()
    scratch.remove()
  })

  it('one by one, and back, refuses nothing', async () => {
    const { before, after, caFile } = await serveReplicas(scratch, older, database.url)
    for (const replica of before) await replica.start()
    const paths = {
      short: '/api/v1/namespaces?limit=1',
      download: '/api/v1/namespaces/kube-system/configmaps',
      watch: '/api/v1/namespaces?watch=1',
    }
    const fleet: Fleet = { caFile, replicas: before, headers: { authorization: `Bearer ${TOKEN}` }, paths }
    const ports = before.map(({ port }) => port)
    await makeDownload(fleet, ports[0]!, paths.download)
    const balancer = await startBalancer(scratch, fleet)
    for (const name of REPLICAS) await balancer.sees(name, 'UP')
    const load = startLoad(fleet, balancer.port)
    const writing = startWriting(fleet, balancer.port)

    for (const [from, to] of [
      [before, after],
      [after, before],
    ] as const) {
      for (const [index, replica] of from.entries()) {
        const watch = await begin(fleet, replica.port, paths.watch)
        const download = await begin(fleet, replica.port, paths.download)
        const ended = replica.end()
        await balancer.sees(replica.name, 'DOWN')
        expect(await isWhole(watch)).toBe(true)
        // It has not read a byte while the replica ended everything else.
        expect(await isWhole(download)).toBe(true)
        expect(await ended).toBe(0)
        await to[index]!.start()
        await balancer.sees(replica.name, 'UP')
        // The one that has been replaced writes first.
        await expectShared(fleet, [ports[index]!, ports[(index + 1) % 3]!, ports[(index + 2) % 3]!])
        await load.flow(30)
      }
    }
    const written = await writing.stop()
    const { answered, refused, watches } = await load.stop()
    console.log(`${answered} requests, ${written} writes, ${watches.begun} watches`)
    expect(refused).toEqual([])
    expect(written).toBeGreaterThan(30)
    expect(watches.ended).toBeGreaterThan(0)
  })
})
