/** The form for the token of the admin port (`admin.token_file`). The browser keeps it until its tab is closed. */
import { useContext, useState } from 'preact/hooks';
import { storeToken } from './data/api.ts';
import { LiveContext } from './data/use-live.ts';

export function TokenForm({ isRefused }: { readonly isRefused: boolean }) {
  const data = useContext(LiveContext);
  const [token, setToken] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    storeToken(token.trim());
    void data.connect();
  };
  return (
    <form class="card token-form" onSubmit={submit}>
      <h1>Token needed</h1>
      <p>
        This admin port needs a token: the content of the file that <span class="code">admin.token_file</span> names in
        the configuration of the gateway. The browser keeps it until you close this tab.
      </p>
      {isRefused && (
        <p class="failed" role="alert">
          The gateway did not accept the token. Use the content of the file that{' '}
          <span class="code">admin.token_file</span> names.
        </p>
      )}
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary">
        Connect
      </button>
    </form>
  );
}
