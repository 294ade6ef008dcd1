#!/usr/bin/perl
# Stands in for the programs that health checks run: asks the URL among its arguments, or the one of
# its own name, and succeeds on status 200.
use strict;
use warnings;
use IO::Socket::INET;

my %own = (postgrest => ':3001/ready', imgproxy => ':5001/health', kong => ':8000/status');
my ($name) = $0 =~ m{([^/]+)$};
my ($place) = grep { defined } map { m{http://([^'"\s]+)} } @ARGV;
$place //= "localhost$own{$name}";
my ($host, $port, $path) = $place =~ m{^([^:/]+):(\d+)(/.*)?$} or die "no URL\n";
my $server = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 3)
  or die "$host:$port: $!\n";
print $server "GET ", $path // '/', " HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n";
my $status = <$server> // '';
exit($status =~ m{^HTTP/1\.1 200 } ? 0 : 1);
