// A plain-text password of a file that is in memory.
import { noop, operationOf } from '../lib/apps.mjs'
import {
  expressFloor,
  expressFloorWithDuties,
  honoFloor,
  honoFloorWithDuties,
  keyedBasic,
  koaFloor,
  koaFloorWithDuties,
  plainBasic,
} from '../lib/floors.mjs'
import { basicHeader, PASSWORD, USERNAME, withAuthorization } from '../lib/material.mjs'
import * as peers from '../lib/peers.mjs'
import { base, floor, operationRow, ours, peer } from '../lib/row.mjs'
import { authentication, passwordChain } from '../lib/subjects.mjs'

const floorOf = { express: expressFloor, koa: koaFloor, hono: honoFloor }
const floorWithDutiesOf = {
  express: expressFloorWithDuties,
  koa: koaFloorWithDuties,
  hono: honoFloorWithDuties,
}

const subjectsOf = (framework, usual) => {
  const subject = (middlewareOf) => () =>
    operationOf[framework](middlewareOf(), [withAuthorization(basicHeader)])
  return {
    'no-op': base(subject(() => noop[framework])),
    'kube-authn': ours(subject(() => authentication[framework](passwordChain()))),
    ...Object.fromEntries(Object.entries(usual).map(([name, make]) => [name, peer(subject(make))])),
    'decode and digest': floor(subject(() => floorOf[framework](plainBasic(USERNAME, PASSWORD)))),
    'same duties': floor(subject(() => floorWithDutiesOf[framework](keyedBasic(USERNAME, PASSWORD)))),
  }
}

export const basicRows = [
  operationRow(
    'Basic, Express',
    { target: 1.8 },
    subjectsOf('express', { 'passport-http': peers.passportBasic }),
  ),
  operationRow('Basic, Koa', { target: 1.8 }, subjectsOf('koa', { 'koa-passport': peers.koaPassportBasic })),
  operationRow(
    'Basic, Hono',
    { target: 1.8 },
    subjectsOf('hono', {
      basicAuth: peers.honoBasicAuth,
      'basicAuth(verifyUser)': peers.honoBasicAuthVerify,
    }),
  ),
]
