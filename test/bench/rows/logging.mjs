// The cost of the log for a request that is accepted: with the default log of development, and without any.
import { noop, operationOf } from '../lib/apps.mjs'
import { randomTokens, withAuthorization } from '../lib/material.mjs'
import { base, operationRow, ours } from '../lib/row.mjs'
import { authentication, tokenChain } from '../lib/subjects.mjs'

const subjectsOf = (framework) => {
  const subject = (middlewareOf) => () => {
    const tokens = randomTokens(1)
    const [token] = tokens.keys()
    return operationOf[framework](middlewareOf(tokens), [withAuthorization(`Bearer ${token}`)])
  }
  const logging = (options) =>
    ours(subject((tokens) => authentication[framework](tokenChain(tokens), options)))
  return {
    'no-op': base(subject(() => noop[framework])),
    'kube-authn, no log': logging({ log: false }),
    'kube-authn, default log': logging({}),
    'kube-authn, log to console': logging({ log: console }),
  }
}

export const loggingRows = [
  operationRow('bearer, 1 token, logged, Express', {}, subjectsOf('express')),
  operationRow('bearer, 1 token, logged, Koa', {}, subjectsOf('koa')),
  operationRow('bearer, 1 token, logged, Hono', {}, subjectsOf('hono')),
]
