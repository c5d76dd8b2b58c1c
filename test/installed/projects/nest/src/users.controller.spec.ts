import type { Server } from 'node:http'
import { StatusError } from '@kube-authn/core/adapter'
import type { INestApplication } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import request from 'supertest'
import { AppModule } from './app.module'
import { UsersController } from './users.controller'

describe('UsersController', () => {
  let app: INestApplication<Server>

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile()
    app = module.createNestApplication()
    await app.init()
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

  it('has no user where nothing authenticated', () => {
    const controller = new UsersController()
    expect(() => controller.me({ headers: {} } as never)).toThrow(Error)
    expect(() => controller.me({ headers: {} } as never)).not.toThrow(StatusError)
  })
})
