import { basicRows } from './basic.mjs'
import { bearerRows } from './bearer.mjs'
import { celRows } from './cel.mjs'
import { chainRows } from './chain.mjs'
import { fastifyRows } from './fastify.mjs'
import { jwtRows } from './jwt.mjs'
import { loggingRows } from './logging.mjs'
import { observerRows } from './observer.mjs'
import { rbacRows } from './rbac.mjs'
import { revocationRows } from './revocation.mjs'
import { scaleRows } from './scale.mjs'
import { startRows } from './start.mjs'
import { tlsRows } from './tls.mjs'

/** All rows, in the order of the table. */
export const rows = [
  ...bearerRows,
  ...basicRows,
  ...jwtRows,
  ...fastifyRows,
  ...tlsRows,
  ...chainRows,
  ...celRows,
  ...loggingRows,
  ...observerRows,
  ...rbacRows,
  ...revocationRows,
  ...scaleRows,
  ...startRows,
]
