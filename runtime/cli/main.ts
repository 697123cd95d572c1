#!/usr/bin/env -S node --max-semi-space-size=2
import { runCli } from './cli.ts';
import { processIo } from './io.ts';

process.exitCode = await runCli(process.argv.slice(2), processIo());
