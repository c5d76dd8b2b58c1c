import { relative } from 'node:path'
import type { Material } from './material.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** Requests of a kube-apiserver, and the answers. */
export function recipes({ caPath, apiServer, janesToken }: Material, url: string): readonly Recipe[] {
  const near = (path: string): string => quote(relative(process.cwd(), path))
  const asApiServer = `--cert ${near(apiServer.certificatePath)} --key ${near(apiServer.keyPath)}`
  const ask = (version: string, token: string, ...options: readonly string[]): string => {
    const review = { apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec: { token } }
    return [
      `curl --silent --show-error --cacert ${near(caPath)}`,
      ...options,
      `--header 'Content-Type: application/json' --data ${quote(JSON.stringify(review))} ${url}`,
    ].join(' ')
  }
  const answer = (version: string, status: object): string =>
    JSON.stringify({
      kind: 'TokenReview',
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: {},
      spec: {},
      status,
    })
  const jane = {
    authenticated: true,
    user: { username: 'jane', uid: '1001', groups: ['developers', 'app1'] },
  }
  return [
    {
      title: 'a token of jane',
      command: ask('v1', janesToken, asApiServer),
      answer: answer('v1', jane),
    },
    {
      title: 'the same in v1beta1, the default version of kube-apiserver',
      command: ask('v1beta1', janesToken, asApiServer),
      answer: answer('v1beta1', jane),
    },
    {
      title: 'an unknown token',
      command: ask('v1', 'wrong', asApiServer),
      answer: answer('v1', { authenticated: false }),
    },
    {
      title: 'without the certificate of a kube-apiserver',
      command: ask('v1', janesToken),
      answer:
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}',
    },
  ]
}

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
