import type { UserInfo } from '@kube-authn/core'
import { authenticationGuard, Public, User } from '@kube-authn/nest'
import { createAuthenticator } from '@kube-authn/node'
import { Controller, Get, Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'

@Controller()
export class HelloController {
  @Get()
  hello(@User() user: UserInfo): string {
    return user.username
  }

  @Public()
  @Get('healthz')
  health(): string {
    return 'ok'
  }
}

const useFactory = () =>
  authenticationGuard(createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' }))

@Module({ controllers: [HelloController], providers: [{ provide: APP_GUARD, useFactory }] })
export class GuardedModule {}
