import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);

/** Undefined: no browser on this machine. */
export const chromiumPath: string | undefined = process.env['GANGLION_CHROMIUM'] ?? path;

/** The reason to give where a test is skipped for want of it. */
export const NO_CHROMIUM = 'chromium is not installed (Debian: apt-get install chromium)';

/** A headless browser that talks to nobody but the pages it is given. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
