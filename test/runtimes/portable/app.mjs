// `guard.mjs` comes first, whoever imports this.
import './guard.mjs'
import { Hono } from 'hono'
import { makeSuite } from './suite.mjs'
import { wireApp } from './wire.mjs'

/**
 * What every runtime serves: the suite, which runs when it is asked to, and an app to talk to over real connections.
 *
 * @param facts see `makeSuite`.
 */
export function makeApp(facts) {
  const runChecks = makeSuite(facts)
  return new Hono()
    .get('/ready', (c) => c.text('ready'))
    .get('/checks/:turn', async (c) => c.json(await runChecks(c.req.param('turn'))))
    .route('/wire', wireApp())
}
