import { Controller } from '@nestjs/common';
import { readConsentReceiptKey } from '@sluice/contracts';
import { Endpoint } from '@sluice/platform';
import { ReceiptSigner } from '@sluice/vault';

@Controller()
export class ReadReceiptKeyController {
  constructor(private readonly signer: ReceiptSigner) {}

  @Endpoint(readConsentReceiptKey)
  handle() {
    return { keys: [{ ...this.signer.publicJwk() }] };
  }
}
