# The AWS SDK for Ruby v3, as a service of lines: a job in JSON per line of stdin, `{}` or `{"error": "..."}` per line of stdout.
# See serve.py for the members of a job.
require 'json'
require 'aws-sdk-s3'

if ARGV.include?('--version')
  puts Aws::S3::GEM_VERSION
  exit
end

def object_of(job)
  keys = job['keys']
  client = Aws::S3::Client.new(
    endpoint: job['endpoint'], region: 'us-east-1', force_path_style: true, retry_limit: 0, ssl_ca_bundle: job['authority'],
    credentials: Aws::Credentials.new(keys['accessKeyId'], keys['secretAccessKey'], keys['sessionToken'])
  )
  Aws::S3::Resource.new(client: client).bucket(job['bucket']).object(job['key'])
end

def put(job)
  object = object_of(job)
  case job['way']
  when 'single' then File.open(job['file'], 'rb') { |file| object.put(body: file) }
  when 'piped' then object.upload_stream { |stream| stream.binmode; stream << File.binread(job['file']) }
  when 'metadata' then object.upload_file(job['file'], content_type: 'text/x-test', metadata: { 'colour' => 'dark-blue' })
  when 'checksum' then File.open(job['file'], 'rb') { |file| object.put(body: file, checksum_algorithm: 'SHA256') }
  when 'presigned' then Net::HTTP.start(URI(job['endpoint']).host, URI(job['endpoint']).port) { |http|
    answer = http.send_request('PUT', URI(object.presigned_url(:put)).request_uri, File.binread(job['file']))
    raise answer.body unless answer.code == '200'
  }
  else object.upload_file(job['file'], multipart_threshold: 8 * 1024**2)
  end
end

$stdout.sync = true
$stdin.each_line do |line|
  result = {}
  begin
    put(JSON.parse(line))
  rescue StandardError, SyntaxError => error
    result = { error: "#{error.class}: #{error.message}" }
  end
  puts JSON.generate(result)
end
