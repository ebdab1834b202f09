# Row 14 over IPv6, from and to global addresses, and with link-local ones.
instance V1 eth0 vrid=51 prio=100 addr=2001:db8::100 source=2001:db8::1 peer=2001:db8::2 check_src garp_delay=0
instance V2 eth0 vrid=52 prio=100 addr=fe80::100 peer=fe80::2/255/255 check_src garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@1 < advert like=V1 prio=200 ttl=64 addr=2001:db8::100
@1.1 < advert like=V1 prio=200 from=2001:db8::3
> note (V1) advert from 2001:db8::3 with TTL 255, which is not what a peer sends
@1.2 < advert like=V1 prio=200 to=ff02::12
> note (V1) advert from 2001:db8::2 on eth0 ignored: sent to ff02::12, where we do not listen
@1.3 < advert like=V2 prio=200
@1.4 < advert like=V2 prio=200 ttl=254
> note (V2) advert from fe80::2 with TTL 254, which is not what a peer sends
@1.5 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=2001:db8::1 master=2001:db8::2/200 interval=1 rcvd:1 destination:2
@1.6 < show V2
> V2 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::2/200 interval=1 rcvd:1 ttl:1
