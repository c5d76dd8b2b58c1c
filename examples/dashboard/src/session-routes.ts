import { getUser } from '@kube-authn/express'
import type { storedSessions } from '@kube-authn/login'
import express, { type Router } from 'express'
import { z } from 'zod'
import { isAdmin } from './admins.ts'
import type { Configuration } from './configuration.ts'
import { sessionsPage } from './pages/sessions.ts'

const fields = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) })

/** What the routes need. */
export interface SessionRoutesOptions {
  readonly configuration: Configuration
  readonly sessions: ReturnType<typeof storedSessions>
}

/** The list of sessions, and the forms that end them. A form of another site has been refused before. */
export function sessionRoutes({ configuration, sessions }: SessionRoutesOptions): Router {
  const router = express.Router()
  router.get('/sessions', async (req, res) => {
    const user = getUser(req)
    const every = isAdmin(user, configuration.admins) && req.query['of'] === 'all'
    const listed = await sessions.list(every ? {} : { username: user.username })
    res.type('html').send(sessionsPage({ user, configuration, sessions: listed, every }))
  })
  router.post('/sessions/end', express.urlencoded({ extended: false }), async (req, res) => {
    const user = getUser(req)
    const form = fields.safeParse(req.body)
    if (!form.success) {
      res.status(400).type('text/plain').send('The form has no session.\n')
      return
    }
    const { digest } = form.data
    const admin = isAdmin(user, configuration.admins)
    // Of a user who is no admin only their own: the selector needs both.
    await sessions.endWhere(admin ? { digest } : { digest, username: user.username })
    res.redirect(303, admin ? '/sessions?of=all' : '/sessions')
  })
  router.post('/sessions/end-all', async (req, res) => {
    await sessions.endWhere({ username: getUser(req).username })
    res.redirect(303, '/')
  })
  return router
}
