// The cost of observers: the same request without an observer, with one that does nothing, with metrics, and with an audit log.
import { auditLog } from '@kube-authn/audit'
import { metrics } from '@kube-authn/metrics'
import { noop, operationOf } from '../lib/apps.mjs'
import { randomTokens, withAuthorization } from '../lib/material.mjs'
import { base, operationRow, ours } from '../lib/row.mjs'
import { authentication, tokenChain } from '../lib/subjects.mjs'

const express = (middlewareOf) => () => {
  const tokens = randomTokens(1)
  const [token] = tokens.keys()
  return operationOf.express(middlewareOf(tokens), [withAuthorization(`Bearer ${token}`)])
}

const observedBy = (makeObserver) =>
  ours(express((tokens) => authentication.express(tokenChain(tokens), { observer: makeObserver() })))

export const observerRows = [
  operationRow(
    'bearer, 1 token, observed, Express',
    {},
    {
      'no-op': base(express(() => noop.express)),
      'kube-authn, no observer': ours(express((tokens) => authentication.express(tokenChain(tokens)))),
      'kube-authn, by a function that does nothing': observedBy(() => () => {}),
      'kube-authn, by metrics': observedBy(() => metrics().observer),
      'kube-authn, by an audit log': observedBy(() => auditLog({ write: () => {} })),
    },
  ),
]
