import { BlameRecord } from '../policy/blame.ts';
import { checkHostOptions, checkRunOptions, type HostOptions } from '../run-options.ts';
import { scriptTypeDefinition } from '../script/script-types.ts';
import { inFlagWords } from './flag-words.ts';
import { checkServerTls, proxyOf, tlsOf } from './network-flags.ts';
import type { RunFlags } from './run.ts';

/** The host that the flags ask for. Throws an AirlockError that names the flag which is not right, also one of the scripts. */
export async function hostSettings(flags: RunFlags): Promise<HostOptions> {
  const { baseUrl, blameFile, hostInboxBytes, isolation, owner, serverTls, type } = flags;
  scriptTypeDefinition(type);
  await inFlagWords({ 'host.run: baseUrl: ': `--base-url: '${baseUrl}' ` }, () => checkRunOptions({ baseUrl }));
  await inFlagWords({ 'host.run: owner: ': '--owner: ' }, () => checkRunOptions({ owner }));
  await inFlagWords({ 'ScriptHost.start: blameFile: ': '--blame-file: ', 'blameFile: ': '--blame-file: ' }, () => {
    checkHostOptions({ blameFile });
    new BlameRecord(blameFile);
  });
  await inFlagWords({ 'ScriptHost.start: hostInboxBytes: ': '--host-inbox-bytes: ' }, () => checkHostOptions({ hostInboxBytes }));
  await checkServerTls(serverTls);
  return { isolation, blameFile, hostInboxBytes, tls: await tlsOf(flags), proxy: await proxyOf(flags, process.env), serverTls };
}
