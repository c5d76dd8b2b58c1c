import { freePort } from './ports.ts'
import { type EtcdMember, etcdMember, isHealthy } from './etcd.ts'
import type { Scratch } from './scratch.ts'

/** An etcd of three members. */
export interface EtcdCluster {
  readonly urls: readonly string[]
  readonly members: readonly EtcdMember[]
  /** The index of the member that leads, as one of those that run says. */
  leader(): Promise<number>
  /** Resolves when all members answer. */
  healthy(): Promise<void>
  close(): Promise<void>
}

/** Starts one on 127.0.0.1. */
export async function startEtcdCluster(scratch: Scratch): Promise<EtcdCluster> {
  const names = ['one', 'two', 'three']
  const urls: string[] = []
  const peerUrls: string[] = []
  for (const list of [urls, peerUrls]) {
    while (list.length < names.length) list.push(`http://127.0.0.1:${await freePort()}`)
  }
  const cluster = names.map((name, index) => `${name}=${peerUrls[index]}`).join(',')
  const members = names.map((name, index) =>
    etcdMember(scratch, { name, url: urls[index]!, peerUrl: peerUrls[index]!, cluster }),
  )
  const healthy = async (): Promise<void> => {
    await Promise.all(urls.map(isHealthy))
  }
  // None listens before it has found the others.
  await Promise.all(members.map(({ start }) => start()))
  await healthy()
  return {
    urls,
    members,
    leader: async () => {
      for (;;) {
        for (const url of urls) {
          const name = await leaderBy(url)
          if (name !== undefined) return names.indexOf(name)
        }
      }
    },
    healthy,
    async close() {
      await Promise.all(members.map(({ kill }) => kill()))
    },
  }
}

/** The name of the leader; `undefined` if this member does not know one. */
async function leaderBy(url: string): Promise<string | undefined> {
  const ask = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const signal = AbortSignal.timeout(1000)
    const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: '{}', signal })
    return (await response.json()) as Readonly<Record<string, unknown>>
  }
  try {
    const { leader } = await ask('maintenance/status')
    const { members } = await ask('cluster/member/list')
    const known = members as readonly { readonly ID: string; readonly name: string }[]
    return known.find(({ ID }) => ID === leader)?.name
  } catch {
    return undefined
  }
}
