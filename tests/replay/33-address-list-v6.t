# Row 33 over IPv6: the list may be in any order; another one is noted and counted.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 addr=fe80::100,2001:db8::100
@2 < advert prio=200 addr=2001:db8::100,fe80::100
@3 < advert prio=200 addr=fe80::100,2001:db8::101
> note (V1) the address list of fe80::2 differs from ours
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@4 < advert prio=200 addr=fe80::100
@4.1 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::2/200 interval=1 rcvd:4 list:2
