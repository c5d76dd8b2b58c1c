import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { LogEntry } from '@kube-authn/core'
import { defined, type LeaderElectionEvent, messageOf } from '@kube-authn/core/internal'
import { type AuthorityPem, signingAuthority } from '../../certificates/issue-certificate.ts'
import type { ParsedFlags } from '@kube-authn/node/internal'
import { failWith } from '../failure.ts'
import { type CertificateFiles, pairOf } from './flags/listen-flags.ts'
import { createsSecrets } from './flags/serve-flags.ts'
import { electionOf } from './flags/serving-problems.ts'
import { clusterOf, type KubeconfigTarget } from './material/admin-kubeconfig.ts'
import type { OwnAuthority } from './material/own-authority.ts'
import { type OwnMaterial, rootCA } from './material/own-material.ts'
import type { OpenApi } from './open-api.ts'
import type { Log, OnClose } from './running.ts'

/** Runs the controllers of the flags. @throws {Failure} if a file cannot be used. */
export async function openControllers(
  flags: ParsedFlags,
  material: OwnMaterial,
  { keys, authorizer, stored, audit, observer: count }: OpenApi,
  target: KubeconfigTarget,
  onClose: OnClose,
  log: Log,
): Promise<void> {
  const leaderElection = electionOf(flags)
  const running = stored.runControllers({
    controllers: flags.list('controllers'),
    ...defined({ signingKey: keys.secretsKey }),
    signingAuthority: await clusterSigner(flags, material.authority),
    signingDurationSeconds: Math.ceil(flags.seconds('cluster-signing-duration')),
    authorizer,
    audit,
    rootCA: rootCA(flags, material),
    createSecrets: createsSecrets(flags) && keys.secretsKey !== undefined,
    recordsTokenUse: true,
    kubernetesVersion: flags.release(),
    clusterInfoKubeconfig: clusterInfo(target),
    ...(leaderElection !== undefined && {
      leaderElection: { ...leaderElection, identity: `${hostname()}_${randomUUID()}` },
    }),
    observer(event) {
      count(event)
      if (event.type === 'leaderElection') log(electionLine(event))
    },
    onError: (error, { controller = 'controllers', object = '' }) => {
      const name = object === '' ? controller : `${controller}: ${object}`
      log({ level: 'error', message: `${name}: ${messageOf(error, 'failed')}` })
    },
  })
  onClose(() => running.close())
}

/** A kubeconfig without credentials, as `kubeadm join` reads it. Source: kubeadm `phases/bootstraptoken/clusterinfo`. */
function clusterInfo(target: KubeconfigTarget): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: '', cluster: clusterOf(target) }],
    contexts: [],
    users: [],
    'current-context': '',
  })
}

function electionLine({ name, identity, status }: LeaderElectionEvent): Pick<LogEntry, 'level' | 'message'> {
  const lease = `the lease ${name}`
  switch (status) {
    case 'standing':
      return { level: 'info', message: `controllers: standing by for ${lease} as ${identity}` }
    case 'leading':
      return { level: 'info', message: `controllers: running here, with ${lease} as ${identity}` }
    case 'lost':
      return { level: 'warn', message: `controllers: stopped here, because ${lease} was lost` }
    case 'released':
      return { level: 'info', message: `controllers: stopped here, and ${lease} given up` }
    case 'unreleased':
      return {
        level: 'warn',
        message: `controllers: stopped here; ${lease} could not be given up, as the store does not answer: others get it when it ends`,
      }
  }
}

/** The flags of the CA that signs certificate requests. */
export const SIGNER = ['cluster-signing-cert-file', 'cluster-signing-key-file'] as const

/** Returns what reads the CA that signs certificate requests, each time anew: it may be replaced while the server runs. */
async function clusterSigner(flags: ParsedFlags, own: OwnAuthority): Promise<() => Promise<AuthorityPem>> {
  const authority = pairOf(flags, ...SIGNER)
  const { certFile, keyFile } = authority ?? own
  if (authority !== undefined) await checkSigner(authority)
  return () => readAuthority({ certFile, keyFile })
}

/** @throws {Failure} if there is no CA in the files. */
export async function checkSigner(files: CertificateFiles): Promise<void> {
  await readAuthority(files)
    .then(signingAuthority)
    .catch(failWith((error) => `--${SIGNER[0]}: ${messageOf(error, 'cannot be used')}`))
}

async function readAuthority({ certFile, keyFile }: CertificateFiles): Promise<AuthorityPem> {
  const [certificate, privateKey] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
  return { certificate, privateKey }
}
