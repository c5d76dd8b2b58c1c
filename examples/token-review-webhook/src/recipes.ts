import {
  clientCertificate,
  curl,
  header,
  type Material,
  quote,
  type Recipe,
  trusting,
  UNAUTHORIZED,
} from '@kube-authn-example/material'

/** Requests of a kube-apiserver, and the answers. */
export function recipes(material: Material<'janesToken'>, url: string): readonly Recipe[] {
  const { janesToken } = material.secrets
  const asApiServer = clientCertificate(material, 'kube-apiserver')
  const ask = (version: string, token: string, ...options: readonly string[]): string => {
    const review = { apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec: { token } }
    return curl(
      url,
      trusting(material),
      ...options,
      header('Content-Type: application/json'),
      `--data ${quote(JSON.stringify(review))}`,
    )
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
      answer: UNAUTHORIZED,
    },
  ]
}
