# Row 34 over IPv6: our own adverts, and sources and destinations that cannot be.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 from=fe80::1
> note (V1) advert from our own address fe80::1: is it in use twice?
@1.1 < advert prio=200 from=:: 
@1.2 < advert prio=200 from=ff02::12
@1.3 < advert prio=200 from=::1
@1.4 < advert prio=200 to=fe80::1
> note (V1) advert from fe80::2 on eth0 ignored: sent to fe80::1, where we do not listen
@1.5 < advert prio=200 to=ff02::1
> note (V1) advert from fe80::2 on eth0 ignored: sent to ff02::1, where we do not listen
@1.6 < advert prio=200 to=2001:db8::1
> note (V1) advert from fe80::2 on eth0 ignored: sent to 2001:db8::1, where we do not listen
@1.7 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=fe80::1 master=::1/200 interval=1 rcvd:3 destination:3
