import { authentication } from '@kube-authn/express'
import { createAuthenticator } from '@kube-authn/node'
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common'
import { UsersController } from './users.controller'

@Module({ controllers: [UsersController] })
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
    consumer.apply(authentication(authenticator)).forRoutes('{*path}')
  }
}
