import type { Server } from 'node:http'
import type { INestApplication } from '@nestjs/common'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import request from 'supertest'
import { GuardedModule } from './guarded.module'

describe.each([
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
])('GuardedModule on $platform', ({ platform, adapter }) => {
  let app: INestApplication<Server>

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [GuardedModule] }).compile()
    app = module.createNestApplication(adapter())
    await app.init()
    if (platform === 'Fastify') await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready()
  })

  afterAll(() => app.close())

  it.each([
    ['a token', 'Bearer tok', 'jane'],
    ['a password', `Basic ${btoa('joe:pw')}`, 'joe'],
  ])('knows the user of %s', async (_name, authorization, username) => {
    const response = await request(app.getHttpServer()).get('/').set({ authorization })
    expect([response.status, response.text]).toEqual([200, username])
  })

  it.each([[{}], [{ authorization: 'Bearer wrong' }]])('refuses %j', async (headers) => {
    const response = await request(app.getHttpServer()).get('/').set(headers)
    expect([response.status, response.body.reason]).toEqual([401, 'Unauthorized'])
  })

  it('has public routes', async () => {
    expect((await request(app.getHttpServer()).get('/healthz')).text).toBe('ok')
  })
})
