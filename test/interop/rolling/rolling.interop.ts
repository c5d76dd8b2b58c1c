import { afterAll, describe, expect, it } from 'vitest'
import { has } from '../components.ts'
import { makeScratch } from '../scratch.ts'
import { startBalancer } from './balancer.ts'
import { appFleet, proxyFleet } from './fleets.ts'
import { begin, isWhole, startLoad } from './load.ts'

/** That of `kube-authn serve` is in `replicas.interop.ts`. */
const KINDS = {
  'an app with lifecycle': appFleet,
  'kube-authn proxy': proxyFleet,
}

/** SIGTERM of one replica after the other under load, behind the load balancer of `examples/replicas`. */
describe.runIf(has('haproxy'))('a rolling restart', () => {
  const scratches = new Map(Object.keys(KINDS).map((kind) => [kind, makeScratch()]))
  afterAll(() => {
    for (const scratch of scratches.values()) scratch.remove()
  })

  it.each(Object.entries(KINDS))('of %s loses no request', async (kind, start) => {
    const scratch = scratches.get(kind)!
    const fleet = await start(scratch)
    const balancer = await startBalancer(scratch, fleet)
    for (const { name } of fleet.replicas) await balancer.sees(name, 'UP')
    const load = startLoad(fleet, balancer.port)
    await load.flow(30)
    for (const replica of fleet.replicas) {
      // Not by the balancer, so that they are at this one.
      const watch = await begin(fleet, replica.port, fleet.paths.watch)
      const download = await begin(fleet, replica.port, fleet.paths.download)
      const ended = replica.end()
      await balancer.sees(replica.name, 'DOWN')
      expect(await isWhole(watch)).toBe(true)
      // It has not read a byte while the replica ended everything else.
      expect(await isWhole(download)).toBe(true)
      expect(await ended).toBe(0)
      await replica.start()
      await balancer.sees(replica.name, 'UP')
      await load.flow(30)
    }
    const { answered, refused, watches } = await load.stop()
    console.log(`${kind}: ${answered} requests, ${watches.begun} watches`)
    expect(refused).toEqual([])
    expect(watches.ended).toBeGreaterThan(0)
  })
})
